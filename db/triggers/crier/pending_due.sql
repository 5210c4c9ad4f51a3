create or replace function crier.pending_due()
    returns trigger language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    alone boolean; -- NULL where it is not asked
    told text[];
    done text;
    context text;
begin
    /* How an inline notification comes to be built once per transaction, at its end, after whatever
       else the writer does there.

       The triggers of a watch put a topic that somebody reads inline into the transaction's row of
       crier.pending; the first one makes the row (crier.pend_topic). This trigger is deferred. At the
       commit it meets the row and updates it to stage 2, which queues it once more, behind all triggers
       that the writer has deferred. Meeting that, it looks whether anybody has written since: the number
       of the command (cmin) tells, so it updates the row, which queues nothing, and compares; the topics
       tell, too, because another one is written into this very row. If somebody has, one of those
       triggers may have deferred another one, which stands behind this and may change the document, and
       what is built now would be a state that is never committed: the row is queued again. If not, it
       takes the row away and notifies.

       A row that goes with a savepoint takes its event along. A list in a setting would be lost by
       RESET ALL; a temporary table would be in PREPARE TRANSACTION's way. Only READ COMMITTED comes
       here: at SERIALIZABLE, reading and writing such a table would make writers fail.

       After SET CONSTRAINTS ALL IMMEDIATE the update's event comes at once, inside the trigger that
       made it, perhaps long before the commit: too early to build. Nothing here makes a writer fail,
       save its own cancel: what a function raises means by reference. What writes stands outside of the
       block with the exceptions, which is a subtransaction and would need a number of its own.

       A transaction that has become READ ONLY behind its writes can write here no more: by reference, and the
       row is left to crier.refresh_watches. */
    if current_setting('transaction_read_only') = 'on' then
        select p.topics into told from crier.pending p where p.xid = pg_current_xact_id();
        done := crier.notify_references(told);
        return null;
    end if;
    if tg_op = 'INSERT' then
        update crier.pending p set stage = 2 where p.xid = pg_current_xact_id();
        return null;
    end if;
    if pg_trigger_depth() = 1 then
        update crier.pending p set queued = p.cmin::text::bigint
        where p.xid = pg_current_xact_id()
        returning p.cmin::text::bigint = p.queued + 1 and p.topics = new.topics into alone;
        if not alone then
            update crier.pending p set stage = 2 where p.xid = pg_current_xact_id();
            return null;
        end if;
    end if;
    delete from crier.pending p where p.xid = pg_current_xact_id() returning p.topics into told;
    begin
        if alone then
            done := crier.notify_inline(told); -- an assignment calls without a query
            return null;
        end if;
    exception
        when query_canceled then
            get stacked diagnostics context = pg_exception_context;
            if crier.cancelled(context) then
                raise;
            end if;
        when assert_failure or others then
            null;
    end;
    done := crier.notify_references(told);
    return null;
end
$$;
comment on function crier.pending_due() is
    'Trigger, deferred: notifies at the end of a transaction what its statements left in crier.pending.';
revoke all on function crier.pending_due() from public;

do $$
begin
    /* Only when it is missing or an older one, which heeded every update: making it locks out the
       writers. ALWAYS, or a transaction that becomes a replica in the middle would lose what it has
       begun. */
    if not exists (
        select from pg_trigger t
        where t.tgrelid = 'crier.pending'::regclass and t.tgname = 'crier_pending_due'
          and t.tgattr <> '') then
        drop trigger if exists crier_pending_due on crier.pending;
        create constraint trigger crier_pending_due after insert or update of stage on crier.pending
            deferrable initially deferred for each row execute function crier.pending_due();
        alter table crier.pending enable always trigger crier_pending_due;
    end if;
end
$$;
