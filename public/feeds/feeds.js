// feeds.js -- the page: which view, and whether it is live.
//
// Two live documents are open at a time: the list of feeds, as long as the page is, and what the view
// is about.

import { computed, createApp, h, shallowRef, watch } from '../vendor/vue.js';
import { listPath } from './api.js';
import { Edit } from './edit.js';
import { edits } from './edits.js';
import { Feed } from './feed.js';
import { FeedList } from './feed-list.js';
import { Home } from './home.js';
import { useLive, useMarks } from './live.js';
import { alert } from './parts.js';
import { editHref, route } from './route.js';
import { Toast } from './toast.js';

const STATES = { connecting: 'connecting…', live: 'live', stale: 'reconnecting…' };
const TITLES = { home: () => 'Feeds', feed: (name) => `#${name} · Feeds`, edit: () => 'Edit post · Feeds' };

// The worse of two.
function worse(a, b) {
  return ['stale', 'connecting'].find((state) => state === a || state === b) ?? 'live';
}

const Page = {
  setup() {
    const { document: list, state: listState } = useLive(() => listPath);
    const feeds = computed(() => list.value?.feeds);
    const marks = useMarks(() => feeds.value, () => 'feeds', { key: 'name', value: ({ posts }) => posts });
    const viewState = shallowRef('idle');
    const state = computed(() => worse(listState.value, route.value.view === 'home' ? 'idle' : viewState.value));
    const exists = computed(() => feeds.value?.some(({ name }) => name === route.value.subject) ?? false);
    watch(route, ({ view, subject }) => { document.title = TITLES[view](subject); }, { immediate: true });
    const onState = (now) => { viewState.value = now; };
    const failed = computed(() => [...edits].filter(([id, { left, error }]) => left && error && route.value.subject !== id));

    const view = () => {
      const { view: name, subject } = route.value;
      if (name === 'feed') return h(Feed, { name: subject, exists: exists.value, known: feeds.value !== undefined, onState });
      if (name === 'edit') return h(Edit, { id: subject, onState });
      return h(Home, { feeds: feeds.value, marks });
    };

    return () => [
      h('header', { class: 'banner' }, [
        h('a', { class: 'brand', href: '#/' }, [h('img', { src: 'icon.svg', alt: '', width: 30, height: 30 }), 'Feeds']),
        h('span', { class: ['state', state.value], role: 'status' }, STATES[state.value]),
      ]),
      h('div', { class: ['columns', route.value.view] }, [
        h('main', [
          failed.value.map(([id, { error }]) => h('div', { key: id, class: 'failed' }, [
            alert('danger', [`An edit was not saved. ${error} `, h('a', { class: 'alert-link', href: editHref(id) }, 'Open it again')]),
          ])),
          view(),
        ]),
        route.value.view !== 'home' && h('nav', { class: 'aside', 'aria-label': 'Feeds' }, [
          h('p', { class: 'aside-head', 'aria-hidden': 'true' }, 'Feeds'),
          h(FeedList, { feeds: feeds.value, marks, first: 60, current: route.value.view === 'feed' ? route.value.subject : '' }),
        ]),
      ]),
      h(Toast),
    ];
  },
};

createApp(Page).mount('#app');
