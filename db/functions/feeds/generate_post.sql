create or replace function feeds.generate_post()
    returns void language sql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
    /* A random post: 5 words of title, 20 of content, 1 to 3 tags out of seven, somebody's full name. */
    insert into feeds.posts (title, content, author)
    select initcap(left(words.title, 1)) || substr(words.title, 2),
        words.content || (
            select string_agg(' #' || feeds.pick('music coffee garden weather travel books cats'), '')
            from generate_series(1, 1 + floor(random() * 3)::integer)),
        feeds.random_text('F G')
    from (
        select feeds.random_text('J N V J N') as title,
            feeds.random_text((array[
                'Last night a J N V the J N behind our B, and nobody in W has slept properly since.',
                'After three years of practice my J N finally V the J N, so tonight we are having pancakes again.',
                'My neighbour claims that the J N of W once V a J N, but I have only seen photographs.',
                'Small update for everyone who asked: the J N has V the J N, and both are doing quite well.'
            ])[1 + floor(random() * 4)::integer]) as content
        offset 0) words;
$$;
comment on function feeds.generate_post() is 'POST /api/generate/post: a random post.';
