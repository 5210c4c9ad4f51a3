// post.js -- a post in a feed: read, or edited in its place.

import { h } from '../vendor/vue.js';
import { edits, save } from './edits.js';
import { Editor } from './editor.js';
import { LongText } from './long-text.js';
import { avatar, hidden, icon, tagged } from './parts.js';
import { editHref } from './route.js';
import { ago, moment } from './words.js';

// When it was posted leads to the post alone, as everywhere.
function when(id, [created, edited] = [], now) {
  const time = (at) => h('time', { datetime: new Date(at).toISOString(), title: moment(at) }, ago(at, now));
  return [
    h('a', { class: 'permalink', href: editHref(id) }, [hidden('This post alone, '), created ? time(created) : '…']),
    edited && h('span', { class: 'edited' }, ['edited ', time(edited)]),
  ];
}

// gone: the post has left the feed while it was edited; it stays for the sake of what is typed.
export function Post({ post, times, now, mark, gone, isEdited }, { emit }) {
  const { id, title, content, author } = post;
  const close = () => emit('close');
  return h('li', { class: ['post', mark], id: `post-${id}` }, [
    avatar(author),
    h('article', { 'aria-labelledby': `by-${id}` }, [
      h('header', [
        h('h2', { class: 'author', id: `by-${id}`, dir: 'auto' }, author.trim() || 'Anonymous'),
        when(id, times, now),
        mark === 'new' && h('span', { class: 'badge' }, 'new'),
        !isEdited && h('button', { type: 'button', class: 'tool edit', onClick: () => emit('edit') }, [icon('pencil'), h('span', { class: 'word-only' }, 'Edit'), hidden(' this post')]),
      ]),
      gone && h('p', { class: 'left-feed', role: 'status' }, 'This post is no longer in this feed.'),
      isEdited
        ? h(Editor, {
          post, onCancel: close,
          onSave: () => save(id).then(() => { if (!edits.has(id)) close(); }),
        })
        : [
          title.trim() !== '' && h('h3', { class: 'title', dir: 'auto' }, tagged(title)),
          content.trim() !== '' && h(LongText, { text: content }),
          title.trim() === '' && content.trim() === '' && h('p', { class: 'content nothing' }, 'An empty post.'),
        ],
    ]),
  ]);
}
Post.props = { post: Object, times: Array, now: Number, mark: String, gone: Boolean, isEdited: Boolean };
Post.emits = ['edit', 'close'];
