// feed-list.js -- all feeds with their live counts.

import { h } from '../vendor/vue.js';
import { feedHref } from './route.js';
import { count } from './words.js';

export function FeedList({ feeds, marks, current }) {
  if (feeds === undefined) return h('p', { class: 'empty' }, 'One moment…');
  if (feeds.length === 0) return h('p', { class: 'empty' }, 'There are no feeds yet: the first post with a #tag makes one.');
  return h('ul', { class: 'feed-list' }, feeds.map(({ name, posts }) => h('li', { key: name }, [
    h('a', {
      class: ['feed-link', marks.get(name), { none: posts === 0 }], href: feedHref(name),
      'aria-current': name === current ? 'page' : undefined,
    }, [
      h('span', { class: 'name' }, [h('span', { class: 'hash', 'aria-hidden': 'true' }, '#'), name]),
      h('span', { class: 'count' }, [posts.toLocaleString('en'), h('span', { class: 'visually-hidden' }, posts === 1 ? ' post' : ' posts')]),
    ]),
  ])));
}
FeedList.props = { feeds: Array, marks: Map, current: String };

export const total = (feeds) => count(feeds.length, 'feed');
