/* yc.js makes pages quicker where script runs; nothing depends on it. ES5 only: IE9 reads it. What a browser may lack stands behind a feature test. */
(function (w, d) {
'use strict';
var html = d.documentElement, i;
html.className += ' js';
function list(x) { return Array.prototype.slice.call(x); }
function all(sel, root) { return list((root || d).querySelectorAll(sel)); }
function on(el, type, fn) { el.addEventListener(type, fn, false); }
function meta(name) { var m = d.querySelector('meta[name="' + name + '"]'); return m ? m.getAttribute('content') : ''; }
function up(el, attr) { while (el && el !== d && !(el.getAttribute && el.getAttribute(attr) !== null)) { el = el.parentNode; } return el === d ? null : el; }
function make(tag, cls, text) { var e = d.createElement(tag); e.className = cls || ''; if (text) { e.appendChild(d.createTextNode(text)); } return e; }
function clock() { var t = new Date(), m = t.getMinutes(); return t.getHours() + ':' + (m < 10 ? '0' : '') + m; }

/* a request of ours: errors come as problem documents */
function ask(method, url) {
  var x = new XMLHttpRequest();
  x.open(method, url);
  if (method === 'POST') { x.setRequestHeader('Accept', 'application/problem+json'); }
  return x;
}

/* forms that save themselves */
function here() { return location.href.split('#')[0]; }
function target(form) { return (form.getAttribute('action') || '').split('#')[0] || here(); }
function encode(form) {
  var out = [], els = form.elements, e, n;
  for (n = 0; n < els.length; n++) {
    e = els[n];
    if (!e.name || /^(file|submit|button)$/.test(e.type)) { continue; }
    if (/^(checkbox|radio)$/.test(e.type) && !e.checked) { continue; }
    out.push(encodeURIComponent(e.name) + '=' + encodeURIComponent(e.value));
  }
  return out.join('&');
}
function autosave(form) {
  var timer, last = encode(form), box = form.querySelector('.saved'), url = target(form);
  url += (url.indexOf('?') < 0 ? '?' : '&') + 'draft=1';
  function say(t) { if (box) { box.textContent = t; } }
  function save() {
    var body = encode(form), x;
    clearTimeout(timer);
    if (body === last) { return; }
    x = ask('POST', url);
    x.setRequestHeader('Content-Type', 'application/x-www-form-urlencoded');
    x.onload = function () {
      if (x.status >= 200 && x.status < 300) { last = body; say(clock() + ' 已自动保存'); stay(); }
      else if (x.status === 401) { say('登录已到时间，提交时会请您重新登录'); }
      else { say('没有保存，稍后再试'); timer = setTimeout(save, 15000); }
    };
    x.onerror = function () { say('网络断了，连上后会再保存'); timer = setTimeout(save, 15000); };
    x.send(body);
  }
  function later() { clearTimeout(timer); timer = setTimeout(save, 2000); }
  on(form, 'input', later); on(form, 'change', later);
  form.addEventListener('blur', later, true);
  on(d, 'visibilitychange', function () { if (d.hidden) { save(); } });
}

/* parts of this page take the content that they have in another answer for it */
function fresh(page, sel) {
  var t = make('div');
  t.innerHTML = page;
  all(sel).forEach(function (o) {
    var n = o.id && t.querySelector('#' + o.id);
    if (n && o.innerHTML !== n.innerHTML && !(o.contains(d.activeElement) && typing(d.activeElement))) { o.innerHTML = n.innerHTML; }
  });
}
function typing(e) { return /^(SELECT|TEXTAREA|INPUT)$/.test(e.tagName) && e.type !== 'file'; }

/* uploads: several at once, with how far they are */
function upload(form) {
  var file = form.querySelector('input[type=file]'), box = form.querySelector('.up__p');
  if (!file || !('FormData' in w) || !('upload' in new XMLHttpRequest())) { return; }
  file.multiple = true;
  function send(f, next) {
    var row = make('p', 'small', f.name + ' '), bar = make('progress'), data = new w.FormData(), x = ask('POST', target(form)), txt = make('span');
    bar.max = 100; bar.value = 0; row.appendChild(bar); row.appendChild(txt); box.appendChild(row);
    all('input[type=hidden]', form).forEach(function (h) { data.append(h.name, h.value); });
    data.append(file.name, f);
    x.upload.onprogress = function (e) { if (e.lengthComputable) { bar.value = Math.round(e.loaded / e.total * 100); txt.textContent = bar.value < 100 ? ' 上传中 ' + bar.value + '%' : ' 识别中'; } };
    function fail(t) {
      var b = make('button', 'btn btn--sec btn--sm', '重试');
      b.type = 'button'; bar.parentNode.removeChild(bar); row.className = 'small err'; txt.textContent = t + ' '; row.appendChild(b);
      on(b, 'click', function () { box.removeChild(row); send(f, done); });
      next(false);
    }
    x.onload = function () {
      var m = '没有传上去';
      if (x.status >= 200 && x.status < 400) { txt.textContent = ' 已上传'; next(true, x.responseText); return; }
      try { m = JSON.parse(x.responseText).detail || m; } catch (ignore) { }
      fail(m);
    };
    x.onerror = function () { fail('网络断了'); };
    x.send(data);
  }
  function done(ok, page) {
    var li = up(form, 'id');
    if (!ok) { return; }
    fresh(page, '[data-fresh],#' + li.id);
    all('form[data-upload]', li).forEach(upload);
    li.querySelector('.up__p').textContent = '已上传';
  }
  on(form, 'submit', function (e) {
    var q = list(file.files), good = true;
    if (!q.length) { return; }
    e.preventDefault(); box.textContent = '';
    (function next(ok, page) {
      if (ok === false) { good = false; }
      if (q.length) { send(q.shift(), next); } else { done(good, page); }
    })();
  });
  on(file, 'change', function () { if (file.files.length) { form.querySelector('button').click(); } });
}

/* parts that change by themselves */
function live(el) {
  var url = el.getAttribute('data-sse');
  if ('EventSource' in w) { new w.EventSource(url).onmessage = function (e) { fresh('<div id="' + el.id + '">' + e.data + '</div>', '#' + el.id); }; return; }
  setInterval(function () {
    var x = ask('GET', here());
    x.onload = function () { if (x.status === 200) { fresh(x.responseText, '#' + el.id); } };
    x.send();
  }, 15000);
}

/* what is typed is shown the way it is read */
var formats = {
  money: function (v) {
    var s = half(v).replace(/[,\s¥元]/g, ''), m = /^(\d+(?:\.\d+)?)(万|亿)?$/.exec(s), n, p;
    if (!m) { return v; }
    n = Math.round(parseFloat(m[1]) * (m[2] === '万' ? 1e4 : m[2] === '亿' ? 1e8 : 1) * 100) / 100;
    if (n > 1e12) { return v; }
    p = n.toFixed(2).split('.');
    return p[0].replace(/\B(?=(\d{3})+$)/g, ',') + '.' + p[1];
  },
  id: function (v) { return half(v).replace(/\s/g, '').toUpperCase(); },
  date: function (v) { var m = /^(\d{4})[-\/.年]?(\d{1,2})[-\/.月]?(\d{1,2})日?$/.exec(half(v).replace(/\s/g, '')); return m ? m[1] + '-' + ('0' + m[2]).slice(-2) + '-' + ('0' + m[3]).slice(-2) : v; }
};
function half(v) { return v.replace(/[\uff01-\uff5e]/g, function (c) { return String.fromCharCode(c.charCodeAt(0) - 0xfee0); }).replace(/\u3000/g, ' '); }
d.addEventListener('blur', function (e) { var f = e.target.getAttribute && formats[e.target.getAttribute('data-format')]; if (f && e.target.value) { e.target.value = f(e.target.value); } }, true);
on(d, 'input', function (e) {
  var n = e.target.getAttribute && e.target.getAttribute('data-count'), h;
  if (n && (h = e.target.parentNode.lastElementChild)) { h.textContent = '还可以写 ' + Math.max(0, n - e.target.value.length) + ' 个字'; }
});

/* the end of a session is told five minutes before */
var idle = parseInt(meta('yc-idle'), 10), since = +new Date(), bn;
function stay() { since = +new Date(); if (bn) { bn.parentNode.removeChild(bn); bn = null; } }
if (idle) {
  setInterval(function () {
    var left = idle - (new Date() - since) / 1000, b;
    if (left > 300 || bn) { if (left <= 0 && bn) { bn.firstChild.nodeValue = '到时间了，提交时会请您重新登录，内容还在。'; } return; }
    bn = make('div', 'bn', '再有 5 分钟要重新登录，填的内容会留着。');
    bn.setAttribute('role', 'status');
    b = make('button', 'btn btn--sec btn--sm', '继续办理'); b.type = 'button';
    on(b, 'click', function () { var x = ask('GET', here()); x.onload = stay; x.send(); });
    bn.appendChild(b);
    d.body.insertBefore(bn, d.body.firstChild);
  }, 10000);
}

on(d, 'click', function (e) { var b = up(e.target, 'data-do'); if (b && b.getAttribute('data-do') === 'print') { w.print(); } });
/* one click sends once; the server holds that too */
on(d, 'submit', function (e) {
  var f = e.target;
  if (e.defaultPrevented || f.getAttribute('method') !== 'post') { return; }
  if (f.getAttribute('aria-busy')) { e.preventDefault(); return; }
  f.setAttribute('aria-busy', 'true');
  setTimeout(function () { f.removeAttribute('aria-busy'); }, 8000);
});
on(w, 'pageshow', function () { all('form[aria-busy]').forEach(function (f) { f.removeAttribute('aria-busy'); }); });
all('form[data-autosave]').forEach(autosave);
all('form[data-upload]').forEach(upload);
all('[data-sse]').forEach(live);

/* htmx only where a page uses it and the browser can */
if (d.querySelector('[hx-get],[hx-post]') && 'FormData' in w && 'classList' in html && w.history.pushState) {
  i = make('script'); i.src = meta('yc-htmx');
  i.onload = function () { htmx.process(d.body); }; /* it may arrive after the event that it waits for */
  d.body.appendChild(i);
  on(d.body, 'htmx:beforeSwap', function (e) { if (e.detail.xhr.status === 422) { e.detail.shouldSwap = true; e.detail.isError = false; } });
}
})(window, document);
