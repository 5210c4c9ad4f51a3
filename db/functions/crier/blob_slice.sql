create or replace function crier.blob_slice(bytes bytea, number integer)
    returns bytea language sql immutable strict parallel safe
    set search_path = pg_catalog, pg_temp
as $$
    /* A window of octets, 128 KiB but for the last. Where they are stored EXTERNAL, or in chunks that
       would not compress, PostgreSQL reads no more than these. */
    select substring(bytes from 1 + 131072 * number for 131072);
$$;
comment on function crier.blob_slice(bytea, integer) is 'Private: a window of octets.';
revoke all on function crier.blob_slice(bytea, integer) from public;
