// edits.js -- posts that somebody is editing, wherever the editor is shown.
//
// An edit begins with the post as it is, and what is typed stays until it is saved or given up: over
// changes by others, over leaving the view, over a server that cannot be reached.

import { reactive } from '../vendor/vue.js';
import { updatePost } from './api.js';

// id → { title, content: what is typed; base: the post it began with; saving; error; left: whether
// nobody sees its form }
export const edits = reactive(new Map());

export function begin(post) {
  if (!edits.has(post.id)) {
    edits.set(post.id, { title: post.title, content: post.content, base: post, saving: false, error: undefined, left: false });
  }
  return edits.get(post.id);
}

export const giveUp = (id) => edits.delete(id);

const same = (a, b) => a.title === b.title && a.content === b.content;
export const isTouched = (edit) => !same(edit, edit.base);
export const isOvertaken = (edit, post) => !same(edit.base, post) && !edit.saving;

// Somebody else's version becomes what is edited.
export function takeOver(edit, post) {
  Object.assign(edit, { title: post.title, content: post.content, base: post });
}

// Sends the whole post. The edit is over when it has arrived, and stays with an error when it has not.
export async function save(id) {
  const edit = edits.get(id);
  Object.assign(edit, { saving: true, error: undefined });
  try {
    await updatePost({ ...edit.base, title: edit.title, content: edit.content });
    edits.delete(id);
  } catch (error) {
    Object.assign(edit, { saving: false, error: error.message });
  }
}
