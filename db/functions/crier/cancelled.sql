create or replace function crier.cancelled(context text)
    returns boolean language sql immutable
    set search_path = pg_catalog, pg_temp
as $$
    /* Whether an error query_canceled, known by its context, is the writer's own (a cancel request,
       a statement timeout), which must pass; a function may also raise it, as any other. */
    select coalesce(split_part(context, E'\n', 1), '') !~ '\mRAISE$';
$$;
comment on function crier.cancelled(text) is 'Private: whether query_canceled came from outside.';
revoke all on function crier.cancelled(text) from public;
