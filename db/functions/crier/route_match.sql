create or replace function crier.route_match(url text, out route integer, out arguments json)
    returns record language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    /* The route that answers a path and query, and the arguments it gets, by the relay's rules: a
       literal segment before a parameter. A template with parameters stands for its route, without
       arguments. A method may stand before the path; without one it is GET, if there is that. */
    with asked as (
        select u.method, split_part(u.text, '?', 1) as path, u.text,
            substr(u.text, strpos(u.text || '?', '?') + 1) as query
        from (select substring(url from '^([A-Z]+) '), regexp_replace(url, '^[A-Z]+ ', '')) as u(method, text)),
    routes as (
        select r.* from crier.routes r, asked a where r.method = coalesce(a.method, r.method)),
    segments as (
        select s.n, s.text
        from asked, regexp_split_to_table(substr(asked.path, 2), '/') with ordinality as s(text, n)
        where asked.path like '/%'),
    matching as (
        select r.id,
            string_agg(case when t.literal is null then '1' else '0' end, '' order by t.n) as rank
        from routes r
        cross join lateral crier.template_parts(r.path) t
        left join segments s on s.n = t.n
        group by r.id, r.method
        having count(*) = (select count(*) from segments)
           and bool_and(case when t.literal is null then s.text <> ''
                             else crier.decode(s.text) = t.literal end)
        order by 2, r.method <> 'GET', r.method limit 1),
    given(name, value) as (
        select t.parameter, crier.decode(s.text)
        from matching m join crier.routes r on r.id = m.id
        cross join lateral crier.template_parts(r.path) t join segments s on s.n = t.n
        where t.parameter is not null
        union all
        select crier.decode(split_part(q.pair, '=', 1), true),
            crier.decode(substr(q.pair, strpos(q.pair || '=', '=') + 1), true)
        from asked, regexp_split_to_table(asked.query, '&') as q(pair)
        where q.pair <> ''),
    folded as ( -- a parameter that is repeated is an array
        select g.name,
            case when count(*) = 1 then to_json(min(g.value)) else json_agg(g.value) end as value
        from given g group by g.name)
    (select r.id, null::json from routes r, asked a where r.path = a.text and a.text like '%{%'
     order by r.method <> 'GET', r.method limit 1)
    union all
    select m.id, (select coalesce(json_object_agg(f.name, f.value), '{}') from folded f)
    from matching m
    limit 1;
$$;
comment on function crier.route_match(text) is
    'Private: the route that answers a path and query, and its arguments.';
revoke all on function crier.route_match(text) from public;
