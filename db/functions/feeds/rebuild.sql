create or replace function feeds.rebuild()
    returns bigint language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
declare
    wrong text[];
begin
    /* Makes the read model anew from the history, while no post can be written, and announces the
       feeds that were wrong. Returns how many. */
    lock table feeds.posts in share row exclusive mode;
    create temporary table places_right on commit drop as select * from feeds.places_of_history();
    create temporary table feeds_right on commit drop as select * from feeds.feeds_of_history();
    wrong := array(
        select p.feed from (
            (table feeds.places except table pg_temp.places_right) union all (table pg_temp.places_right except table feeds.places)) p
        union
        select f.name from (
            (table feeds.feeds except table pg_temp.feeds_right) union all (table pg_temp.feeds_right except table feeds.feeds)) f);

    delete from feeds.places l where l.feed = any (wrong);
    delete from feeds.sizes s where s.feed = any (wrong);
    insert into feeds.places (feed, post_id, place) select * from pg_temp.places_right r where r.feed = any (wrong);
    insert into feeds.sizes (feed, number, posts) select * from pg_temp.feeds_right r where r.name = any (wrong);
    drop table pg_temp.places_right, pg_temp.feeds_right;
    perform crier.touch(feeds.feed_topic(w.feed)) from unnest(wrong) as w(feed);
    return cardinality(wrong);
end
$$;
comment on function feeds.rebuild() is
    'Makes the read model anew from feeds.events; returns how many feeds were wrong. Needed only where triggers were disabled.';
revoke all on function feeds.rebuild() from public;
