create or replace function crier.respond(
        status integer default 200,
        body jsonb default null,
        location text default null,
        headers jsonb default '{}')
    returns crier.response language sql immutable parallel safe
    set search_path = pg_catalog, pg_temp
as $$
    /* An answer with a JSON body, or none, for an action to return. */
    select row(status,
        headers || case when location is null then '{}' else jsonb_build_object('location', location) end,
        body::text, null)::crier.response;
$$;
comment on function crier.respond(integer, jsonb, text, jsonb) is
    'An answer for an action to return: crier.respond(201, to_jsonb(post), location => ''/api/posts/17''). Without a body there is none.';
