create or replace function crier.watch_source(
        relation oid, topic text, out body text, out settings text)
    returns record language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    piece record;
    quickest text; -- for one row inserted
    pending text;
    variables text;
begin
    /* The body of a watch's trigger function, and the settings it needs. The body is static, looks
       nothing up, takes no lock and never raises: writers neither fail nor wait because of it. It
       runs with its owner's privileges and without a pinned search_path, which would cost as much
       as the rest; hence every name in it is qualified, operators too. The commonest case, one row
       inserted, comes first and takes one query; offset 0 lets its payload be made once. An
       assignment calls without another query, unlike PERFORM. Where a route is declared inline that
       may have one of its topics, that query, or crier.pend for whatever else changed, asks first whether
       somebody reads it inline; only in READ COMMITTED, because at SERIALIZABLE reading our tables would make writers fail. */
    select * into piece from crier.watch_payload(relation, topic);
    if piece.pinned then
        settings := $set$set search_path = pg_catalog, pg_temp set timezone = 'UTC'
            set datestyle = 'ISO, MDY' set intervalstyle = 'postgres' set bytea_output = 'hex'
            set extra_float_digits = 1$set$;
    end if;
    quickest := format($body$
        perform crier.notify(one.payload)
        from (select %1$s as payload from (select %2$s from new_rows r) v offset 0) one
        where pg_catalog.octet_length(one.payload) operator(pg_catalog.<=) 1012
          and not exists (select from new_rows offset 1);
        if found then
            return null;
        end if;$body$, piece.payload, piece.columns);
    if crier.watch_inline(topic) then
        quickest := format($body$
        if pg_catalog.current_setting('transaction_isolation') operator(pg_catalog.=) 'read committed' then
            select one.payload, one.topic, exists (
                select from crier.wanted w where w.topic operator(pg_catalog.=) one.topic offset 0)
            into payload, topic, wanted
            from (
                select p.payload, pg_catalog.substr(p.payload, 11, pg_catalog.length(p.payload)
                    operator(pg_catalog.-) 12) collate pg_catalog."default" as topic
                from (select %1$s as payload from (select %2$s from new_rows r limit 1) v offset 0) p) one
            where pg_catalog.octet_length(one.payload) operator(pg_catalog.<=) 1012
              and not exists (select from new_rows offset 1);
            if wanted and crier.pend_topic(topic) then
                return null;
            elsif found then
                done := crier.notify(payload);
                return null;
            end if;
        end if;$body$, piece.payload, piece.columns);
        variables := $body$
    payload pg_catalog.text;
    topic pg_catalog.text;
    wanted boolean;$body$;
        pending := $body$
    if pg_catalog.cardinality(payloads) operator(pg_catalog.<=) 8 and tg_op operator(pg_catalog.<>) 'TRUNCATE'
        and pg_catalog.current_setting('transaction_isolation') operator(pg_catalog.=) 'read committed' then
        payloads := crier.pend(payloads);
        if pg_catalog.cardinality(payloads) operator(pg_catalog.=) 0 then
            return null;
        end if;
    end if;$body$;
    end if;
    body := format($body$
declare%7$s
    payloads pg_catalog.text[];
    done pg_catalog.text;
begin
    /* Generated; what for is in the function's comment, because names may end this one. One notification per
       distinct topic of the rows that changed; for TRUNCATE, over 1,000 topics, or one over 1,000 octets: one for all. */
    if pg_catalog.current_setting('crier.off', true) operator(pg_catalog.=) 'on' then
        return null;
    elsif tg_op operator(pg_catalog.=) 'INSERT' then%5$s
        payloads := array(select %1$s
            from (select distinct %2$s from new_rows r where %3$s limit 1001) v);
    elsif tg_op operator(pg_catalog.=) 'UPDATE' then
        payloads := array(select %1$s
            from (select %2$s from old_rows r where %3$s
                  union select %2$s from new_rows r where %3$s limit 1001) v);
    elsif tg_op operator(pg_catalog.=) 'DELETE' then
        payloads := array(select %1$s
            from (select distinct %2$s from old_rows r where %3$s limit 1001) v);
    else
        payloads := array[%4$s];
    end if;%6$s
    if pg_catalog.cardinality(payloads) operator(pg_catalog.=) 1
        and pg_catalog.octet_length(payloads[1]) operator(pg_catalog.<=) 1012 then
        done := crier.notify(payloads[1]);
    elsif pg_catalog.cardinality(payloads) operator(pg_catalog.>) 1000 or exists (
        select from pg_catalog.unnest(payloads) as t(payload)
        where pg_catalog.octet_length(t.payload) operator(pg_catalog.>) 1012) then
        done := crier.notify(%4$s);
    else
        perform crier.notify(t.payload)
        from pg_catalog.unnest(payloads) as t(payload);
    end if;
    return null;
exception when others then
    /* Such as a column that was dropped: crier.explain tells. */
    done := crier.notify(%4$s);
    return null;
end
$body$, piece.payload, piece.columns, piece.present,
        quote_literal(format(case when topic like '%{%' then '{"template":%s}' else '{"topic":%s}' end,
            to_json(topic))), quickest, pending, variables);
end
$$;
comment on function crier.watch_source(oid, text) is 'Private: the body of a watch''s trigger function, and the settings it needs.';
revoke all on function crier.watch_source(oid, text) from public;
