/* See index.html. */
(function () {
  'use strict';

  var view = document.getElementById('view');
  var stream = null;

  function listen(url, onData) {
    var source = new EventSource(url);
    source.addEventListener('data', function (event) { onData(JSON.parse(event.data)); });
    return source;
  }

  function request(method, url, body) {
    var xhr = new XMLHttpRequest();
    xhr.open(method, url);
    xhr.setRequestHeader('Content-Type', 'application/json');
    xhr.send(body === undefined ? null : JSON.stringify(body));
  }

  function element(name, attributes, text) {
    var e = document.createElement(name);
    Object.keys(attributes).forEach(function (key) { e.setAttribute(key, attributes[key]); });
    if (text !== undefined) e.textContent = text;
    return e;
  }

  function linked(text) {
    var p = element('p', { 'class': 'content' });
    text.split(/(#[A-Za-z0-9]+)/).forEach(function (piece) {
      p.appendChild(/^#/.test(piece) ? element('a', { href: '#/feed/' + piece.slice(1) }, piece) : document.createTextNode(piece));
    });
    return p;
  }

  function form(post, done) {
    var f = element('form', {});
    ['title', 'content', 'author'].forEach(function (name) {
      var field = element(name === 'content' ? 'textarea' : 'input', { name: name });
      field.value = post[name];
      field.disabled = name === 'author' && !!post.id;
      f.appendChild(field);
    });
    f.appendChild(element('button', { type: 'submit' }, 'Save'));
    f.onsubmit = function () {
      ['title', 'content', 'author'].forEach(function (name) { post[name] = f.elements[name].value; });
      done(post);
      return false;
    };
    return f;
  }

  // Every event replaces what is there: forms, too.
  function show(nodes) {
    view.textContent = '';
    nodes.forEach(function (node) { view.appendChild(node); });
  }

  function home() {
    show([form({ title: '', content: '', author: '' }, function (post) { request('POST', '/api/posts', post); })]);
  }

  function feed(name) {
    stream = listen('/api/feeds/' + name, function (data) {
      show([element('h1', {}, data.name)].concat(data.posts.map(function (post) {
        var li = element('article', { id: post.id });
        li.appendChild(element('h2', {}, post.title));
        li.appendChild(linked(post.content));
        li.appendChild(element('em', {}, post.author));
        li.appendChild(element('span', { 'class': 'tags' }, post.tags === null ? '-' : post.tags.join(',')));
        li.appendChild(element('a', { href: '#/edit-post/' + post.id }, 'edit'));
        return li;
      })));
    });
  }

  function edit(id) {
    stream = listen('/api/posts/' + id, function (post) {
      show([form(post, function (changed) {
        request('PATCH', '/api/posts/' + changed.id, changed);
        history.back();
      })]);
    });
  }

  function route() {
    var parts = location.hash.split('/');
    if (stream) stream.close();
    stream = null;
    view.textContent = '';
    if (parts[1] === 'feed') feed(parts[2]);
    else if (parts[1] === 'edit-post') edit(parts[2]);
    else home();
  }

  listen('/api/feeds', function (data) {
    var list = document.getElementById('feeds');
    list.textContent = '';
    data.feeds.forEach(function (f) {
      var li = element('li', {});
      li.appendChild(element('a', { href: '#/feed/' + f.name }, f.name));
      li.appendChild(element('b', {}, String(f.posts)));
      list.appendChild(li);
    });
  });
  document.getElementById('generate').onclick = function () { request('POST', '/api/generate/post'); };
  window.onhashchange = route;
  route();
}());
