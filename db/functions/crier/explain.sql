create or replace function crier.explain(path text)
    returns setof crier.finding language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
declare
    matched record;
    route crier.routes;
    findings crier.finding[];
    key text;
    topic text;
begin
    /* Why is this page not live? Looks at everything between a row and a browser, in the order in
       which a request passes it, and says what to do. A template stands for its route; a path
       with values also tries the function, and undoes whatever it does. A write is never tried. A
       method before the path, as in POST /api/posts, tells which of several is meant; else it is GET. */
    begin
        select * into matched from crier.route_match(path);
    exception when data_exception then
        return next crier.found('route', false, sqlerrm,
            'Percent-encode the path as a browser does; crier.encode helps.');
        return;
    end;
    select * into route from crier.routes r where r.id = matched.route;
    if not found then
        return next crier.found('route', false, format('no route matches %s', path),
            case when path !~ '^([A-Z]+ +)?/' then 'Give the path alone, from its first slash. ' else '' end
            || (select coalesce('There are ' || string_agg(
                    case when r.method = 'GET' then '' else r.method || ' ' end || r.path, ', '
                    order by r.path, r.method) || '.',
                'There are none: select crier.live(''/path'', ''schema.function(types)'');')
             from crier.routes r));
        return;
    end if;
    return next crier.found('route', true, format('%s %s', route.method, route.path), null);
    if route.kind = 'channel' then
        return query select * from crier.explain_channel(route);
        return query select * from crier.explain_relays();
        return query select * from crier.explain_subscriptions(route.path);
        return;
    end if;
    return query select * from crier.explain_function(route);
    if route.kind <> 'live' then
        return query select * from crier.explain_call(route, matched.arguments);
        return query select * from crier.explain_relays();
        return;
    end if;
    if matched.arguments is not null and crier.function_stored(route.function) is not null then
        select d.findings, d.key, d.topic into findings, key, topic
        from crier.explain_document(route, matched.arguments) d;
        return query select * from unnest(findings);
    end if;
    if route.topic is null then
        topic := coalesce(topic, route.path); -- a template stands for all its topics
    end if;
    if topic is not null then
        return query select * from crier.explain_topic(topic);
    end if;
    return query select * from crier.explain_privileges(route, matched.arguments);
    return query select * from crier.explain_inline(route, key);
    return query select * from crier.explain_relays();
    if key is not null then
        return query select * from crier.explain_subscriptions(key);
    end if;
end
$$;
comment on function crier.explain(text) is
    'Why is this page not live? select * from crier.explain(''/api/posts/17''): every step between a row and a browser, whether it is in order, and what to do. crier.explain(''POST /api/posts'') for a write.';
revoke all on function crier.explain(text) from public;
