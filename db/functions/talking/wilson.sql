create or replace function talking.wilson(ups integer, downs integer)
    returns double precision language sql immutable parallel safe
    set search_path = pg_catalog, pg_temp
as $$
    /* The lower bound of the Wilson score interval, 95 %: how well liked a recording is at least,
       given that these votes are a sample. With z = 1.959963984540054, n votes and p = ups / n,
           (p + z^2/2n - z sqrt((p (1 - p) + z^2/4n) / n)) / (1 + z^2/n)
       multiplied by n above and below. Without a vote in favour it is exactly 0, where the formula
       leaves the noise of its rounding. */
    select case when ups = 0 then 0::double precision else
        (ups + 1.9207294103470626
            - 1.959963984540054 * sqrt(ups::double precision * downs / (ups::double precision + downs) + 0.9603647051735313))
        / (ups::double precision + downs + 3.841458820694125) end;
$$;
comment on function talking.wilson(integer, integer) is
    'The lower bound of the Wilson score interval (95 %) of votes for and against: what recordings are ordered by.';
