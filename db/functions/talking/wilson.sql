create or replace function talking.wilson(ups integer, downs integer)
    returns double precision language sql immutable parallel safe
as $$
    /* The lower bound of the Wilson score interval, 95 %: how well liked a recording is at least,
       given that these votes are a sample. Without a vote in favour it is exactly 0, where the
       formula leaves the noise of its rounding. */
    select case when ups = 0 then 0::double precision
        else (p + z * z / (2 * n) - z * sqrt((p * (1 - p) + z * z / (4 * n)) / n)) / (1 + z * z / n) end
    from (select ups::double precision + downs, 1.959963984540054::double precision) as s(n, z)
    cross join lateral (select ups / nullif(n, 0)) as q(p);
$$;
comment on function talking.wilson(integer, integer) is
    'The lower bound of the Wilson score interval (95 %) of votes for and against: what recordings are ordered by.';
