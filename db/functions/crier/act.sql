create or replace function crier.act(
        route integer,
        arguments json,
        form json,
        body bytea,
        headers json,
        out status integer,
        out head text,
        out bytes bytea)
    returns record language plpgsql volatile
    set search_path = pg_catalog, pg_temp
    set timezone = 'UTC'
    set datestyle = 'ISO, MDY'
    set intervalstyle = 'postgres'
    set bytea_output = 'hex'
    set extra_float_digits = 1
as $$
declare
    declared crier.routes;
    whole text;     -- the type of the argument that gets the whole body
    spelled constant jsonb := arguments::jsonb;
    fields jsonb;   -- what the body gives by name
    document jsonb; -- what it is as a whole
    statement text;
    answer crier.response;
begin
    /* Serves a write for the relay: calls the route's function with what path and query spell
       (arguments), with the fields of a form, or with the body, and says what to answer. It runs as
       the caller, so that privileges are the relay's; what the function raises passes through.
       Whatever is wrong with the request raises PT400 before the function is called. */
    select * into declared from crier.routes r where r.id = act.route and r.kind = 'action';
    if not found then
        raise exception using errcode = 'PT404', message = 'Not found';
    end if;
    perform set_config('crier.headers', headers::text, true);
    select a->>'type' into whole from jsonb_array_elements(declared.parameters) a where a->>'in' = 'body';
    if form is not null then
        fields := form::jsonb;
    elsif whole in ('json', 'jsonb') then
        document := crier.body_json(body);
    elsif declared.parameters @> '[{"in": "any"}]' then
        fields := crier.body_json(body);
        if jsonb_typeof(fields) <> 'object' then
            raise exception using errcode = 'PT400', message = 'The body is not a JSON object',
                detail = 'Its keys are the arguments.';
        end if;
    end if;
    statement := format('%s(%s)', declared.call->>'function',
        crier.action_values(declared.call, spelled, fields, form is not null));
    perform set_config('search_path', declared.call->>'search_path', true); -- until the end of this function
    if declared.call->>'result' = 'void' then
        execute 'select ' || statement using spelled, fields, body, document;
        status := 204;
        return;
    elsif declared.call->>'result' = 'json' then
        execute format('select null, null, %s::text, null', statement)
            into strict answer using spelled, fields, body, document;
    else
        execute format('select r.status, r.headers, r.body, r.bytes from %s as r', statement)
            into strict answer using spelled, fields, body, document;
    end if;
    select r.* into status, head, bytes from crier.response_of(answer, declared.max_bytes) r;
end
$$;
comment on function crier.act(integer, json, json, bytea, json) is
    'For the relay: calls a route''s function with a request''s arguments, and says what to answer. Errors of the function pass through; PT400 is the caller''s fault.';
revoke all on function crier.act(integer, json, json, bytea, json) from public;
