create or replace function crier.pending_due()
    returns trigger language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    topics text[];
    context text;
    queued bigint; -- command that queued this event
    ours bigint;   -- commands of this trigger since then
    latest bigint;
begin
    /* How an inline notification comes to be built once per transaction, at its end, after whatever
       else the writer does there.

       The triggers of a watch insert a row into crier.pending for a topic that somebody reads inline;
       another statement that changes the same topic finds it there. This trigger is deferred. At the
       commit it meets the inserted row and updates it to stage 2, which queues it once more, behind
       all triggers that the writer has deferred. Meeting that, it looks whether anybody but itself has
       written since: the number of the command (cmin) tells. If so, one of those triggers may have
       deferred another one, which stands behind this and may change the document, and what is built
       now would be a state that is never committed: the row is queued again. If not, it takes away
       all rows of the transaction at once and notifies.

       A row that goes with a savepoint takes its event along. A list in a setting would be lost by
       RESET ALL; a temporary table would be in PREPARE TRANSACTION's way. Only READ COMMITTED comes
       here: at SERIALIZABLE, reading and writing such a table would make writers fail.

       After SET CONSTRAINTS ALL IMMEDIATE the update's event comes at once, inside the trigger that
       made it, perhaps long before the commit: too early to build. Nothing here makes a writer fail,
       save its own cancel. */
    if tg_op = 'INSERT' then
        update crier.pending p set stage = 2 where p.xid = new.xid and p.topic = new.topic;
        return null;
    end if;
    select p.cmin::text::bigint into queued
    from crier.pending p where p.xid = new.xid and p.topic = new.topic;
    if not found then -- an event before this one told of it, too
        return null;
    end if;
    if pg_trigger_depth() = 1 then
        select count(*) into ours
        from crier.pending p where p.xid = new.xid and p.cmin::text::bigint > queued;
        update crier.pending p set stage = 2 where p.xid = new.xid and p.topic = new.topic
        returning p.cmin::text::bigint into latest;
        if latest <> queued + ours + 1 then
            return null;
        end if;
    end if;
    delete from crier.pending p where p.xid = new.xid and p.topic = new.topic;
    with gone as (delete from crier.pending p where p.xid = new.xid returning p.topic)
    select array_agg(g.topic) || new.topic into topics from gone g;
    if pg_trigger_depth() = 1 then
        perform crier.notify_inline(topics);
    else
        perform crier.notify_references(topics);
    end if;
    return null;
exception
    when query_canceled then
        get stacked diagnostics context = pg_exception_context;
        if crier.cancelled(context) then
            raise;
        end if;
        perform crier.notify_references(coalesce(topics, array[new.topic]));
        return null;
    when assert_failure or others then
        perform crier.notify_references(coalesce(topics, array[new.topic]));
        return null;
end
$$;
comment on function crier.pending_due() is
    'Trigger, deferred: notifies at the end of a transaction what its statements left in crier.pending.';
revoke all on function crier.pending_due() from public;

do $$
begin
    /* Only when it is missing: making it locks out the writers. ALWAYS, or a transaction that
       becomes a replica in the middle would lose what it has begun. */
    if not exists (
        select from pg_trigger t
        where t.tgrelid = 'crier.pending'::regclass and t.tgname = 'crier_pending_due') then
        create constraint trigger crier_pending_due after insert or update on crier.pending
            deferrable initially deferred for each row execute function crier.pending_due();
        alter table crier.pending enable always trigger crier_pending_due;
    end if;
end
$$;
