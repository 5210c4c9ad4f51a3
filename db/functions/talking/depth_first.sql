create or replace function talking.depth_first(
        _ids integer[],
        _parents integer[],
        out nodes integer[],
        out descendants integer[],
        out closings integer[])
    returns record language plpgsql immutable parallel safe
    set search_path = pg_catalog, pg_temp
as $$
declare
    n constant integer := cardinality(_ids);
    by_id integer[];              -- the nodes in the order of their ids
    child integer[] := array_fill(0, array[n]);
    last_sibling boolean[] := array_fill(true, array[n]);
    above integer[] := child;     -- the nodes above the current one, outermost first
    above_at integer[] := child;  -- and their positions
    depth integer := 0;
    node integer := 1;
    position_ integer := 0;
    parent integer;
    ended integer;
begin
    /* The depth-first order of a tree, in a number of steps that depends on the number of nodes
       alone: no recursion, no paths. Nodes are numbered as they are given: the root first, then
       all others ordered by parent and, among siblings, as wished. For each position: the node,
       how many descendants follow it, and how many nodes end right after it. */
    nodes := child;
    descendants := child;
    closings := array_fill(1, array[n]);
    by_id := array(select o.node from unnest(_ids) with ordinality as o(id, node) order by o.id);

    -- Children of one parent stand together, and the groups stand in the order of the parents' ids.
    for i in 2..n loop
        if _parents[i] is distinct from parent then
            parent := _parents[i];
            while node < n and _ids[by_id[node]] < parent loop
                node := node + 1;
            end loop;
            if _ids[by_id[node]] = parent then
                child[by_id[node]] := i;
            end if;
        else
            last_sibling[i - 1] := false;
        end if;
    end loop;

    node := 1;
    loop
        position_ := position_ + 1;
        nodes[position_] := node;
        if child[node] > 0 then
            closings[position_] := 0;
            depth := depth + 1;
            above[depth] := node;
            above_at[depth] := position_;
            node := child[node];
        elsif last_sibling[node] then
            ended := 1;
            while depth > 0 and last_sibling[node] loop
                node := above[depth];
                descendants[above_at[depth]] := position_ - above_at[depth];
                depth := depth - 1;
                ended := ended + 1;
            end loop;
            closings[position_] := ended;
            exit when depth = 0;
            node := node + 1;
        else
            node := node + 1;
        end if;
    end loop;
    if position_ < n then
        raise data_corrupted using
            message = format('recording %s and what is said to be below it are not one tree', _ids[1]),
            detail = format('%s of %s can be reached.', position_, n),
            hint = 'Were recordings changed while triggers were disabled?';
    end if;
end
$$;
comment on function talking.depth_first(integer[], integer[]) is
    'Private: the depth-first order of a tree given as ids and parents, the root first, the others by parent.';
revoke all on function talking.depth_first(integer[], integer[]) from public;
