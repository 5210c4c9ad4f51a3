// api.js -- what the page asks of the server, apart from what it follows.

// Beside the page, wherever that is: a relay may live under a prefix.
const API = new URL('../api', import.meta.url).pathname;
export const listPath = `${API}/feeds`;
export const feedPath = (name) => `${API}/feeds/${encodeURIComponent(name)}`;
export const postPath = (id) => `${API}/posts/${encodeURIComponent(id)}`;

// Settles when the write is done; rejects with an error whose message is for people.
export async function write(method, path, body) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Error('The server cannot be reached.');
  }
  if (answer.ok) return;
  const problem = await answer.json().catch(() => ({}));
  const told = [problem.title, problem.detail].filter(Boolean).map((text) => `${text}.`).join(' ');
  throw new Error(MEANINGS[answer.status] ?? (told || `The server answered ${answer.status}.`));
}

const MEANINGS = {
  404: 'This post is not there any more.',
  413: 'It is too long.',
  422: 'It is too long.',
};

export const createPost = (post) => write('POST', `${API}/posts`, post);
export const updatePost = (post) => write('PATCH', postPath(post.id), post);
export const generatePost = () => write('POST', `${API}/generate/post`);

// When the posts of a feed were posted and last edited: { id: [created, edited or null] }; undefined if
// that did not work.
export async function times(name) {
  const answer = await fetch(`${feedPath(name)}/times`).catch(() => undefined);
  return answer?.ok ? (await answer.json()).times : undefined;
}
