// feed.js -- a feed with its posts, the newest on top.

import { computed, h, nextTick, onScopeDispose, reactive, shallowRef, watch } from '../vendor/vue.js';
import { feedPath, times as fetchTimes } from './api.js';
import { Composer } from './composer.js';
import { useLive, useMarks, useNow } from './live.js';
import { heading, hidden, icon } from './parts.js';
import { Post } from './post.js';
import { count } from './words.js';

const SHOWN = 50;
const MORE = 200;
const AGAIN_MS = 5000;

// When the posts were posted and edited: the server's word, and ours for what has just come.
function useTimes(name, state, marked) {
  const known = reactive(new Map());
  let timer;
  const read = async () => {
    const of = name();
    const times = await fetchTimes(of);
    if (of !== name()) return;
    if (times === undefined) { timer = setTimeout(read, AGAIN_MS); return; }
    for (const [id, [created, edited]] of Object.entries(times)) {
      known.set(id, [Date.parse(created), edited === null ? undefined : Date.parse(edited)]);
    }
  };
  watch(name, () => { known.clear(); clearTimeout(timer); });
  onScopeDispose(() => clearTimeout(timer));
  watch([name, state], ([, now]) => { if (now === 'live') read(); }, { immediate: true });
  const note = (fresh) => {
    for (const [id, mark] of fresh) {
      const [created = Date.now()] = known.get(id) ?? [];
      known.set(id, [created, mark === 'changed' ? Date.now() : undefined]);
    }
    marked(fresh);
  };
  return { known, note };
}

// Posts that are being edited stay where they were, also when they leave the feed.
function useKept(posts, open) {
  let last = [];
  return computed(() => {
    const now = posts.value ?? [];
    const present = new Set(now.map(({ id }) => id));
    const items = now.map((post) => ({ post, gone: false }));
    last.forEach(({ post }, index) => {
      if (open.has(post.id) && !present.has(post.id)) items.splice(Math.min(index, items.length), 0, { post, gone: true });
    });
    last = items;
    return items;
  });
}

export const Feed = {
  // exists: whether the list of feeds has it, undefined as long as that is not known
  props: { name: { type: String, required: true }, exists: Boolean, known: Boolean },
  emits: ['state'],
  setup(props, { emit }) {
    const { document: feed, state } = useLive(() => (props.exists ? feedPath(props.name) : undefined));
    watch(state, (now) => emit('state', now), { immediate: true });
    const posts = computed(() => feed.value?.posts);
    const open = reactive(new Set()); // the ids of the posts that are edited here
    const items = useKept(posts, open);
    const shown = shallowRef(SHOWN);
    const spoken = shallowRef('');
    const arrived = shallowRef(0); // above the screen
    const now = useNow();

    const { known: times, note } = useTimes(() => props.name, state, (fresh) => {
      const n = fresh.filter(([, mark]) => mark === 'new').length;
      if (n === 0) return;
      spoken.value = `${count(n, 'new post')} in ${props.name}`;
      shown.value += n;
      if (scrollY > 300) arrived.value += n;
    });
    const marks = useMarks(() => posts.value, () => props.name, {
      key: 'id', value: ({ title, content, author }) => JSON.stringify([title, content, author]), onNews: note,
    });
    watch(() => props.name, () => { shown.value = SHOWN; arrived.value = 0; spoken.value = ''; });
    const onScroll = () => { if (scrollY < 100) arrived.value = 0; };
    addEventListener('scroll', onScroll, { passive: true });
    onScopeDispose(() => removeEventListener('scroll', onScroll));
    const toTop = () => {
      arrived.value = 0;
      scrollTo({ top: 0, behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
      document.querySelector('h1').focus({ preventScroll: true });
    };

    // The focus of a form that goes away would be nowhere.
    async function close(id) {
      open.delete(id);
      await nextTick();
      if (document.activeElement === document.body) {
        document.querySelector(`#post-${id} .edit`)?.focus();
      }
    }

    const list = () => h('ol', { class: 'posts', reversed: true }, items.value.slice(0, shown.value).map(({ post, gone }) => h(Post, {
      key: post.id, post, gone, times: times.get(post.id), now: now.value, mark: marks.get(post.id), isEdited: open.has(post.id),
      onEdit: () => open.add(post.id), onClose: () => close(post.id),
    })));
    const left = () => items.value.length - shown.value;

    return () => h('div', { class: 'feed' }, [
      h('div', { class: 'view-head' }, [
        h('a', { class: 'back', href: '#/', 'aria-label': 'All feeds' }, [icon('back')]),
        heading({}, [h('span', { class: 'hash' }, '#'), props.name]),
        posts.value && h('span', { class: 'how-many' }, count(posts.value.length, 'post')),
      ]),
      h('p', { class: 'visually-hidden', role: 'status' }, spoken.value),
      h(Composer, { feed: props.name }),
      arrived.value > 0 && h('div', { class: 'arrivals' }, [
        h('button', { type: 'button', class: 'btn btn-accent', onClick: toTop }, [icon('up'), count(arrived.value, 'new post')]),
      ]),
      items.value.length > 0 && list(),
      left() > 0 && h('div', { class: 'more' }, [
        h('button', { type: 'button', class: 'btn btn-outline', onClick: () => { shown.value += MORE; } }, `Show more (${left().toLocaleString('en')} left)`),
      ]),
      posts.value?.length === 0 && items.value.length === 0 && h('p', { class: 'empty' }, ['Every post has left this feed. The next one with ', h('b', `#${props.name}`), ' comes back to it.']),
      props.known && !props.exists && h('p', { class: 'empty' }, ['There is no such feed yet. The first post with ', h('b', `#${props.name}`), ' makes it.']),
      !props.known && hidden('One moment…'),
    ]);
  },
};
