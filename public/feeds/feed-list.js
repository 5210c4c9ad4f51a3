// feed-list.js -- all feeds with their live counts, in the order of their creation.

import { h, shallowRef } from '../vendor/vue.js';
import { feedHref } from './route.js';
import { count } from './words.js';

const MORE = 500;

const entry = ({ name, posts }, mark, isCurrent) => h('li', { key: name }, [
  h('a', { class: ['feed-link', mark, { none: posts === 0 }], href: feedHref(name), 'aria-current': isCurrent ? 'page' : undefined }, [
    h('span', { class: 'name' }, [h('span', { class: 'hash', 'aria-hidden': 'true' }, '#'), name]),
    h('span', { class: 'count' }, [posts.toLocaleString('en'), h('span', { class: 'visually-hidden' }, posts === 1 ? ' post' : ' posts')]),
  ]),
]);

export const FeedList = {
  props: { feeds: Array, marks: Map, current: String, first: { type: Number, default: 200 }, tiles: Boolean },
  setup(props) {
    const shown = shallowRef(props.first);
    return () => {
      const { feeds, marks, current, tiles } = props;
      if (feeds === undefined) return h('p', { class: 'empty' }, 'One moment…');
      if (feeds.length === 0) return h('p', { class: 'empty' }, 'There are no feeds yet: the first post with a #tag makes one.');
      const left = feeds.length - shown.value;
      return [
        h('ul', { class: ['feed-list', { tiles }] }, feeds.slice(0, shown.value).map((feed) => entry(feed, marks.get(feed.name), feed.name === current))),
        left > 0 && h('div', { class: 'more' }, [
          h('button', { type: 'button', class: 'btn btn-outline', onClick: () => { shown.value += MORE; } }, `Show more (${left.toLocaleString('en')} left)`),
        ]),
      ];
    };
  },
};

export const total = (feeds) => count(feeds.length, 'feed');
