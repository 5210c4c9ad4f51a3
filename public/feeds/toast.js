// toast.js -- a word at the bottom of the page, for a moment; also for ears.

import { h, shallowRef } from '../vendor/vue.js';

const SHOWN_MS = 5000;
const message = shallowRef();
let timer;

export function say(text) {
  message.value = text;
  clearTimeout(timer);
  timer = setTimeout(() => { message.value = undefined; }, SHOWN_MS);
}

export const Toast = () => h('div', { class: 'toasts', role: 'status' }, message.value === undefined ? [] : [h('p', { class: 'word' }, message.value)]);
