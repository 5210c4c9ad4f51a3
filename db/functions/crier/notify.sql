create or replace function crier.notify(payload text)
    returns void language sql volatile
as $$
    /* The only caller of pg_notify. Neither strict nor pinned, so that it is inlined into the
       triggers' queries; they are pinned themselves. */
    select pg_catalog.pg_notify('crier', payload);
$$;
comment on function crier.notify(text) is 'Private: sends one payload on the channel crier.';
revoke all on function crier.notify(text) from public;
