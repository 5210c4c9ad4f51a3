create or replace function talking.truncate_check()
    returns void language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
begin
    /* Whether what a TRUNCATE emptied can be taken out of talking.recordings: raises that it cannot. It
       took the rows of others whatever the snapshot, but what those made of the recordings, or which
       recordings are there at all, is not seen above READ COMMITTED. With the recordings all is gone. */
    if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted')
        and pg_relation_size('talking.recordings') > 0 then
        raise exception using errcode = 'feature_not_supported',
            message = 'this can be truncated at isolation level READ COMMITTED only',
            hint = 'Truncate in a transaction of its own, or use DELETE.';
    end if;
end
$$;
comment on function talking.truncate_check() is
    'Private: raises that a TRUNCATE cannot be followed at this isolation level.';
revoke all on function talking.truncate_check() from public;
