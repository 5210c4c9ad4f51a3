// composer.js -- the form for an own post, and the button for a random one.
//
// What is typed stays over leaving the view and over errors, as does what has become of a post that is on
// its way; the name stays for the next time.

import { h, reactive, ref } from '../vendor/vue.js';
import { createPost, generatePost } from './api.js';
import { authorField, contentField, feedsLine, titleField, tooLong } from './fields.js';
import { alert, avatar, icon } from './parts.js';
import { say } from './toast.js';
import { tags } from './words.js';

const NAMED = 5; // feeds, of a post in many
const NAME = 'pgcrier.feeds.author';
const draft = reactive({ title: '', content: '', author: remembered() });
const busy = ref(false);
const error = ref();

function remembered() {
  try { return localStorage.getItem(NAME) ?? ''; } catch { return ''; }
}

function remember(author) {
  try { localStorage.setItem(NAME, author); } catch { /* then not */ }
}

function whereTo(names) {
  if (names.length === 0) return 'Posted, but without a #tag it stands in no feed';
  return `Posted to ${names.slice(0, NAMED).map((name) => `#${name}`).join(' ')}${names.length > NAMED ? ' …' : ''}`;
}

const isEmpty = () => draft.title.trim() === '' && draft.content.trim() === '';

export const Composer = {
  props: { feed: { type: String, default: '' } }, // where it is shown, if in a feed
  setup(props) {
    // Opens with the first focus, and never closes: what is below would jump away under the pointer.
    const open = ref(!isEmpty());
    const form = ref();

    async function attempt(work) {
      busy.value = true;
      error.value = undefined;
      try {
        await work();
      } catch ({ message }) {
        error.value = message;
      } finally {
        busy.value = false;
      }
    }
    const text = () => form.value.querySelector('textarea');
    // Where the focus is on the button, which is disabled now, one goes on with the text.
    const goOn = () => { if (document.activeElement === form.value?.querySelector('[type=submit]')) text().focus(); };
    const submit = () => !busy.value && !isEmpty() && !tooLong(draft) && attempt(async () => {
      const sent = { ...draft };
      await createPost(sent);
      remember(sent.author);
      // What has been typed meanwhile is not lost.
      if (draft.title === sent.title && draft.content === sent.content) Object.assign(draft, { title: '', content: '' });
      say(whereTo(tags(sent.content)));
      goOn();
    });
    const generate = () => !busy.value && attempt(async () => {
      await generatePost();
      say('A random post is out');
    });
    const addTag = () => {
      draft.content = `${draft.content.trimEnd()}${draft.content.trim() ? ' ' : ''}#${props.feed} `;
      text().focus();
    };
    return () => h('form', {
      ref: form, class: ['composer', { open: open.value }], 'aria-label': 'New post',
      onSubmit: (event) => { event.preventDefault(); submit(); },
      onKeydown: (event) => { if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit(); },
    }, [
      avatar(draft.author),
      h('div', { class: 'fields' }, [
        open.value && [authorField(draft, 'new'), titleField(draft, 'new')],
        contentField(draft, 'new', props.feed ? `What is new in #${props.feed}?` : 'What is happening?', { rows: open.value ? 3 : 1, onFocus: () => { open.value = true; } }),
        h('div', { hidden: !open.value }, [feedsLine(draft, 'new')]),
        error.value && alert('danger', `That did not work. ${error.value}`),
      ]),
      h('div', { class: 'actions' }, [
        h('button', { type: 'button', class: 'btn btn-outline random', 'aria-disabled': busy.value, onClick: generate }, [icon('dice'), 'Random post']),
        open.value && props.feed && !tags(draft.content).includes(props.feed)
          && h('button', { type: 'button', class: 'btn btn-outline add-tag', onClick: addTag }, `Add #${props.feed}`),
        h('span', { class: 'spring' }),
        h('button', { type: 'submit', class: 'btn btn-accent', disabled: isEmpty() || tooLong(draft), 'aria-disabled': busy.value }, 'Post'),
      ]),
    ]);
  },
};
