// tree.js -- a thread as a list of rows.
//
// A thread may be ten thousand levels deep, deeper than any page can nest and any function should
// recurse. So the page shows rows, each with its depth, in reading order.

// Every recording of the tree: { recording, depth, parent }, where parent is a row, or undefined.
export function rowsOf(root) {
  const rows = [];
  const waiting = [{ recording: root, depth: 0, parent: undefined }];
  while (waiting.length > 0) {
    const row = waiting.pop();
    rows.push(row);
    const { replies } = row.recording;
    for (let i = replies.length - 1; i >= 0; i -= 1) {
      waiting.push({ recording: replies[i], depth: row.depth + 1, parent: row });
    }
  }
  return rows;
}

// Those that are not below a closed one.
export function openRows(rows, closed) {
  if (closed.size === 0) return rows;
  let hiddenBelow = Infinity;
  return rows.filter(({ recording, depth }) => {
    if (depth > hiddenBelow) return false;
    hiddenBelow = closed.has(recording.id) ? depth : Infinity;
    return true;
  });
}

// What differs from an earlier list of recordings: a Map from id to 'new' or 'voted'.
export function differences(before, recordings) {
  const marks = new Map();
  for (const { id, ups, downs } of recordings) {
    const known = before.get(id);
    if (known === undefined) marks.set(id, 'new');
    else if (known !== `${ups}/${downs}`) marks.set(id, 'voted');
  }
  return marks;
}

export const remember = (recordings) => new Map(recordings.map(({ id, ups, downs }) => [id, `${ups}/${downs}`]));
