// fields.js -- the fields of a post, for a new one and for one that is edited.
//
// What is typed belongs to `draft` (reactive, { title, content }) alone: no document ever writes there.

import { h } from '../vendor/vue.js';
import { hidden } from './parts.js';
import { feedHref } from './route.js';
import { octets, tags } from './words.js';

export const LONGEST = { title: 255, author: 255, content: 65535 };
const WARNED = 1000; // octets left

export const tooLong = ({ content }) => octets(content) > LONGEST.content;

function field(draft, name, id, label, attributes, tag = 'input') {
  return [
    h('label', { class: 'visually-hidden', for: id }, label),
    h(tag, {
      id, class: `form-control quiet ${name}`, value: draft[name], placeholder: label, dir: 'auto', autocomplete: 'off',
      readonly: draft.saving, // what was typed now would go with the form
      onInput: ({ target }) => { draft[name] = target.value; }, ...attributes,
    }),
  ];
}

export const titleField = (draft, id) => field(draft, 'title', `${id}-title`, 'Title', { maxlength: LONGEST.title });
export const authorField = (draft, id) => field(draft, 'author', `${id}-author`, 'Your name',
  { maxlength: LONGEST.author, autocomplete: 'nickname' });
export const contentField = (draft, id, label, attributes) => field(draft, 'content', `${id}-content`, label,
  { rows: 2, 'aria-describedby': `${id}-feeds`, ...attributes }, 'textarea');

// Where the post will stand, and how much room is left when it matters.
export function feedsLine(draft, id) {
  const names = tags(draft.content);
  const left = LONGEST.content - octets(draft.content);
  return h('p', { class: 'feeds-line', id: `${id}-feeds` }, [
    names.length === 0
      ? h('span', ['Put a ', h('b', '#tag'), ' in it, and it stands in that feed.'])
      : h('span', ['In ', names.slice(0, 12).map((name, i) => [i > 0 ? ' ' : '', h('a', { class: 'tag', href: feedHref(name), tabindex: -1 }, `#${name}`)]),
        names.length > 12 ? ` and ${names.length - 12} more` : '']),
    left < WARNED && h('span', { class: left < 0 ? 'left over' : 'left' }, [left.toLocaleString('en'), hidden(' octets left')]),
  ]);
}
