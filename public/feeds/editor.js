// editor.js -- the form in which a post is edited, in its place in a feed and in a view of its own.

import { computed, h, onBeforeUnmount, onMounted, ref, watch } from '../vendor/vue.js';
import { begin, edits, giveUp, isOvertaken, isTouched, takeOver } from './edits.js';
import { contentField, feedsLine, titleField, tooLong } from './fields.js';
import { alert } from './parts.js';

export const Editor = {
  props: { post: { type: Object, required: true } }, // as it is now on the server
  emits: ['save', 'cancel'],
  setup(props, { emit }) {
    const form = ref();
    const begun = begin(props.post);
    if (!isTouched(begun) && !begun.saving) takeOver(begun, props.post); // it may have begun long ago
    const edit = computed(() => edits.get(props.post.id));
    // Nobody loses a word: another version replaces only what has not been touched.
    watch(() => props.post, (post) => {
      if (edit.value && !edit.value.saving && !isTouched(edit.value)) takeOver(edit.value, post);
    });
    // Where nobody sees this form, the page says what has become of it.
    begun.left = false;
    onBeforeUnmount(() => { if (edit.value) edit.value.left = true; });
    onMounted(() => {
      const field = form.value.querySelector('textarea');
      field.focus({ preventScroll: true });
      field.setSelectionRange(field.value.length, field.value.length);
    });
    const save = () => { if (!tooLong(edit.value) && !edit.value.saving) emit('save'); };
    const cancel = () => { giveUp(props.post.id); emit('cancel'); };

    return () => {
      const { value: draft } = edit;
      const { id } = props.post;
      return draft && h('form', {
        ref: form, class: 'editor', 'aria-label': 'Edit the post',
        onSubmit: (event) => { event.preventDefault(); save(); },
        onKeydown: (event) => {
          if (event.key === 'Escape' && !event.isComposing) cancel(); // not what gives up a character
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) save();
        },
      }, [
        titleField(draft, `edit-${id}`),
        contentField(draft, `edit-${id}`, 'Text'),
        feedsLine(draft, `edit-${id}`),
        draft.error && alert('danger', `Not saved. ${draft.error}`),
        isOvertaken(draft, props.post) && alert('warning', [
          'Somebody has changed this post meanwhile. ',
          h('button', { type: 'button', class: 'btn btn-sm btn-link', onClick: () => takeOver(draft, props.post) }, 'Show their version'),
        ]),
        h('div', { class: 'actions' }, [
          h('button', { type: 'button', class: 'btn btn-outline', onClick: cancel }, 'Cancel'),
          h('button', { type: 'submit', class: 'btn btn-accent', disabled: tooLong(draft), 'aria-disabled': draft.saving }, draft.saving ? 'Saving…' : 'Save'),
        ]),
      ]);
    };
  },
};
