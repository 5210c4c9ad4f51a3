create or replace function crier.blob_check(
        path text, function oid, type text, cache text, type_function oid, etag_function oid)
    returns void language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    result constant regtype := (select p.prorettype from pg_proc p where p.oid = function);
    other oid;
begin
    /* Whether a function fits a path as its octets, and the options with it: raises why not. */
    perform crier.cover_check(path, function);
    if result <> 'bytea'::regtype then
        perform crier.fail('CR027', format('%s does not return bytea', crier.function_signature(function)),
            format('It returns %s.', result), 'Let it return bytea; crier.live serves JSON.');
    end if;
    foreach other in array array_remove(array[type_function, etag_function], null) loop
        perform crier.function_check(other);
        perform crier.topic_check(function, other);
    end loop;
    perform crier.option_check('type', coalesce(type, 'a function'),
        type_function is not null or coalesce(crier.is_media_type(type), false),
        'Give a media type such as audio/webm, or a function that returns one.');
    perform crier.option_check('cache', cache, cache ~ '^[ -~]{1,200}$',
        'Give a Cache-Control such as no-cache, or public, max-age=31536000, immutable.');
end
$$;
comment on function crier.blob_check(text, oid, text, text, oid, oid) is
    'Private: raises why a function does not fit a path as its octets.';
revoke all on function crier.blob_check(text, oid, text, text, oid, oid) from public;
