// theme.js -- Bootstrap's light or dark, as the reader's system says. Not a module: it runs before the
// first paint.

{
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const follow = () => { document.documentElement.dataset.bsTheme = dark.matches ? 'dark' : 'light'; };
  dark.addEventListener('change', follow);
  follow();
}
