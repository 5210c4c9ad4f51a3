-- It returned less once.
drop function if exists crier.try_head(integer, json);
create function crier.try_head(
        route integer,
        arguments json,
        out length integer,
        out type text,
        out by_hash boolean,
        out compressed boolean,
        out milliseconds numeric,
        out state text,
        out message text)
    returns record language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
declare
    began constant timestamptz := clock_timestamp();
    query record;
begin
    /* Asks for a blob as a relay would, read-only, and undoes whatever that did. What it raises comes back as state and message. */
    perform set_config('transaction_read_only', 'on', true);
    select h.length, h.type, h.hashes is not null into length, type, by_hash
    from crier.blob_head(try_head.route, try_head.arguments, null) h;
    milliseconds := round((extract(epoch from clock_timestamp() - began) * 1000)::numeric, 1);
    query := crier.blob_query(route, arguments::jsonb);
    perform set_config('search_path', query.search_path, true); -- until the end of this function
    execute format('select pg_column_compression(q.bytes) is not null from (%s) as q(bytes)', query.statement)
        into strict compressed using arguments::jsonb;
    raise sqlstate 'CR999';
exception
    when sqlstate 'CR999' then -- (one that ends in 000 would be all of its class)
        null; -- variables keep their values, everything else is undone
    when others then
        state := sqlstate;
        message := sqlerrm;
end
$$;
comment on function crier.try_head(integer, json) is
    'Private: asks for a blob as a relay would, and undoes it.';
revoke all on function crier.try_head(integer, json) from public;
