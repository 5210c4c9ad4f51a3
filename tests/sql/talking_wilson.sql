/* talking.wilson against values that were computed elsewhere, with 50 digits. */
begin;
select no_plan();

select ok(abs(talking.wilson(v.ups, v.downs) - v.bound) < 1e-12,
    format('wilson: %s for, %s against is %s', v.ups, v.downs, v.bound))
from (values
    (1, 0, 0.2065493143772374), (1, 1, 0.0945312057342307), (2, 0, 0.3423802275066531), (10, 0, 0.7224672001371107),
    (9, 1, 0.5958499732047615), (600, 400, 0.5693094295142662), (5500, 4500, 0.5402319557715324),
    (1000000, 1, 0.9999943350938606), (1, 1000000, 0.0000001765244002), (2147483647, 0, 0.9999999982111814)
) as v(ups, downs, bound);
select is(talking.wilson(0, n), 0::double precision, format('wilson: nobody for and %s against is exactly 0', n))
from unnest(array[0, 1, 7, 1000000]) n;
select is_empty($$ select u, d from generate_series(1, 60) u, generate_series(0, 60) d
    where not (talking.wilson(u, d) between 0 and u / (u + d)::double precision
        and talking.wilson(u, d) < talking.wilson(u + 1, d) and talking.wilson(u, d) > talking.wilson(u, d + 1)) $$,
    'wilson: below the share, better with every vote for, worse with every vote against');
select ok(talking.wilson(100, 10) > talking.wilson(10, 1), 'wilson: of equal shares the better known is better');

insert into talking.recordings (id, author, ups, downs) values (1000001, 'a', 10, 0);
select is(score, talking.wilson(10, 0), 'a recording''s score is the bound of its votes') from talking.recordings where id = 1000001;
update talking.recordings set downs = 3 where id = 1000001;
select is(score, talking.wilson(10, 3), 'and follows them') from talking.recordings where id = 1000001;

select * from finish();
rollback;
