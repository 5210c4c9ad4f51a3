create or replace function crier.secret_make()
    returns void language sql volatile
    set search_path = pg_catalog, pg_temp
as $$
    /* Makes the installation's secret if it has none. A random UUID has 122 bits from the operating
       system's generator; three of them are hashed down to 256. */
    insert into crier.secret (key, inner_pad, outer_pad)
    select k.key, crier.hmac_pad(k.key, x'36'::integer), crier.hmac_pad(k.key, x'5c'::integer)
    from (
        select sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
            || uuid_send(gen_random_uuid()))) as k(key)
    on conflict do nothing;
$$;
comment on function crier.secret_make() is 'Private: makes the installation''s secret if it has none.';
revoke all on function crier.secret_make() from public;
