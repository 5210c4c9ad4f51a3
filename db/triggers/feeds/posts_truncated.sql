create or replace function feeds.posts_truncated()
    returns trigger language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
begin
    /* TRUNCATE deletes every post: done before it, while they can still be read. It sees the posts of
       others whatever the snapshot, we do not: hence not above READ COMMITTED. */
    if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
        raise exception using errcode = 'feature_not_supported',
            message = 'posts can be truncated at isolation level READ COMMITTED only',
            hint = 'Truncate in a transaction of its own, or use DELETE.';
    end if;
    delete from feeds.posts;
    return null;
end
$$;
comment on function feeds.posts_truncated() is 'Trigger: before TRUNCATE, deletes every post.';
revoke all on function feeds.posts_truncated() from public;

create or replace trigger _500_posts_truncated
    before truncate on feeds.posts
    for each statement execute function feeds.posts_truncated();
