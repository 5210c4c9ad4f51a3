// long-text.js -- a post's text with its tags; of a very long one only the beginning, until it is wanted.

import { h, shallowRef, watch } from '../vendor/vue.js';
import { tagged } from './parts.js';

const LONG = 3000; // what is not much longer than the beginning is shown whole
const BEGINNING = 2000;

// Not within a tag, which would lead elsewhere, unless it is one endless word; nor within a character.
function beginning(text) {
  const piece = text.slice(0, BEGINNING);
  return piece.replace(/\s\S*$/, '').replace(/[\ud800-\udbff]$/, '');
}

export const LongText = {
  props: { text: { type: String, required: true } },
  setup(props) {
    const whole = shallowRef(false);
    watch(() => props.text, () => { whole.value = false; });
    return () => {
      const { text } = props;
      if (whole.value || text.length <= LONG) return h('p', { class: 'content', dir: 'auto' }, tagged(text));
      return h('div', [
        h('p', { class: 'content', dir: 'auto' }, [tagged(beginning(text)), '…']),
        h('button', { type: 'button', class: 'tool all', onClick: () => { whole.value = true; } }, 'Show all of it'),
      ]);
    };
  },
};
