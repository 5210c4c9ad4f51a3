// edit.js -- one post, to edit it.

import { h, shallowRef, watch } from '../vendor/vue.js';
import { postPath } from './api.js';
import { edits, save } from './edits.js';
import { Editor } from './editor.js';
import { useLive } from './live.js';
import { avatar, heading, icon } from './parts.js';
import { goBack } from './route.js';

export const Edit = {
  props: { id: { type: String, required: true } },
  emits: ['state'],
  setup(props, { emit }) {
    const { document, state } = useLive(() => postPath(props.id));
    const left = shallowRef(false);
    watch(state, (now) => emit('state', now), { immediate: true });
    watch(() => props.id, () => { left.value = false; });
    const leave = () => { left.value = true; goBack(); };
    // Back at once: the answer need not be waited for, because the live documents tell. An edit that
    // failed is kept, and the page says so wherever one is.
    const onSave = () => {
      save(props.id);
      leave();
    };

    return () => {
      const post = document.value;
      return h('div', { class: 'edit' }, [
        h('div', { class: 'view-head' }, [
          h('button', { type: 'button', class: 'back', 'aria-label': 'Back', onClick: goBack }, [icon('back')]),
          heading({}, 'Edit post'),
        ]),
        post && !left.value && (!edits.get(props.id)?.saving) && h('div', { class: 'sheet' }, [
          h('p', { class: 'by' }, [avatar(post.author), h('span', { class: 'author', dir: 'auto' }, post.author.trim() || 'Anonymous')]),
          h(Editor, { key: props.id, post, onSave, onCancel: leave }),
        ]),
        state.value === 'gone' && h('p', { class: 'empty' }, 'This post is not here.'),
      ]);
    };
  },
};
