drop function if exists crier.build_quickly(json, integer); -- what an older one called
create or replace function crier.notify_inline(topics text[])
    returns void language plpgsql volatile
as $$
declare
    changed text;
    one record;
    began timestamptz;
    built record;
    told text[] := '{}';      -- topics of the documents below
    keys text[] := '{}';
    bodies text[] := '{}';
    inner_pad bytea;
    outer_pad bytea;
    others text := '[]';
    body text;
    done text;
begin
    /* Notifies topics at the end of the transaction that changed them: inline for as many of their
       documents as possible, by reference for a topic of which none is. An inline notification
       speaks for its key. The other documents of its topic become dirty at the relay, but for those
       that it names as having notifications of their own. Not pinned, because pending_due is, its
       only caller, who also catches what a function raises.

       Lock first, then build, in two statements, or two writers each build the document without the
       other's row. The lock is never waited for: whoever holds it may be waiting for this
       transaction. It lasts until the commit is visible, so that the next one sees it.

       A statement cannot be stopped from within, so its time is looked at afterwards; by going by
       reference the document reaches the relay with its time, and while that is too long nobody builds
       it at a commit (crier.wanted). */
    foreach changed in array topics loop -- a query for all of them would be planned anew each time
        for one in select i.* from crier.inlined i where i.topic = changed loop
            exit when cardinality(keys) = 8;
            continue when one.key = any (keys) -- another relay has it too
                or not pg_try_advisory_xact_lock(hashtextextended(one.key, 7165905));
            began := clock_timestamp();
            built := crier.build_inline(one.arguments, one.route); -- an assignment calls without a query
            continue when built.document is null or built.topic <> changed
                or clock_timestamp() > began + crier.build_limit() * interval '1 millisecond';
            told := told || changed;
            keys := keys || one.key;
            bodies := bodies || (built.snapshot || '","document":' || built.document || '}');
            inner_pad := one.inner_pad;
            outer_pad := one.outer_pad;
        end loop;
    end loop;
    for i in 1 .. cardinality(keys) loop
        if cardinality(keys) > 1 then
            others := array_to_json(array(
                select o.key from unnest(keys, told) as o(key, topic)
                where o.topic = told[i] and o.key <> keys[i]));
        end if;
        body := '"topic":"' || told[i] || '","key":' || to_json(keys[i]) || ',"others":' || others
            || ',"xid":"' || pg_current_xact_id() || '","snapshot":"' || bodies[i];
        body := '{"signature":"' || crier.hmac(body, inner_pad, outer_pad) || '",' || body;
        if octet_length(body) < 8000 then -- or NOTIFY raises
            done := crier.notify(body);
        else
            perform crier.notify_references(array[told[i]]);
        end if;
    end loop;
    if not told @> topics then
        perform crier.notify_references(array(
            select t.topic from unnest(topics) as t(topic) where t.topic <> all (told)));
    end if;
end
$$;
comment on function crier.notify_inline(text[]) is
    'Private: notifies topics at the end of a transaction, inline where possible.';
revoke all on function crier.notify_inline(text[]) from public;
