// home.js -- all feeds, and the form for a post.

import { h } from '../vendor/vue.js';
import { Composer } from './composer.js';
import { FeedList, total } from './feed-list.js';
import { heading } from './parts.js';

const TRY = "insert into feeds.posts (author, title, content)\nvalues ('psql', 'Hello', 'from the other side #music');";

export function Home({ feeds, marks }) {
  return h('div', { class: 'home' }, [
    h(Composer),
    h('div', { class: 'view-head' }, [
      heading({}, 'Feeds'),
      feeds?.length > 0 && h('span', { class: 'how-many' }, total(feeds)),
    ]),
    h(FeedList, { feeds, marks, tiles: true }),
    h('div', { class: 'invitation' }, [
      h('p', 'A post typed into psql is here as fast as one typed above:'),
      h('pre', TRY),
    ]),
  ]);
}
Home.props = { feeds: Array, marks: Map };
