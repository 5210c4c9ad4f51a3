create or replace function crier.try_read(
        route integer,
        arguments json,
        role name,
        out document text,
        out topic text,
        out milliseconds numeric,
        out state text,
        out message text)
    returns record language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
declare
    began constant timestamptz := clock_timestamp();
begin
    /* Reads a document as a relay would, read-only and as that role if one is given, and undoes
       whatever it did. What it raises comes back as state and message. */
    perform set_config('transaction_read_only', 'on', true);
    if role is not null then
        perform set_config('role', role, true);
    end if;
    select r.document, r.topic into document, topic
    from crier.read(try_read.route, try_read.arguments) r;
    milliseconds := round((extract(epoch from clock_timestamp() - began) * 1000)::numeric, 1);
    raise sqlstate 'CR999';
exception
    when sqlstate 'CR999' then -- (one that ends in 000 would be all of its class)
        null; -- variables keep their values, everything else is undone
    when others then
        state := sqlstate;
        message := sqlerrm;
end
$$;
comment on function crier.try_read(integer, json, name) is 'Private: reads a document as a relay would, and undoes it.';
revoke all on function crier.try_read(integer, json, name) from public;
