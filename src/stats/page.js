(function () {
  'use strict';
  var sort = null, timer = null, busy = false;
  var filter = document.getElementById('filter'), every = document.getElementById('every'), note = document.getElementById('note');
  var url = location.href.replace(/#.*/, '').replace(/;st=\w+/, '');

  function value(row, c) {
    var td = row.cells[c];
    if (!td) return '';
    var v = td.getAttribute('data-v');
    if (v === null) v = td.textContent.trim();
    return v !== '' && !isNaN(v) ? Number(v) : v;
  }
  function compare(a, b) {
    if (typeof a === typeof b) return a < b ? -1 : a > b ? 1 : 0;
    if (a === '') return -1;
    if (b === '') return 1;
    return typeof a === 'number' ? -1 : 1;
  }
  function applySort() {
    if (!sort) return;
    document.querySelectorAll('tbody.srv').forEach(function (body) {
      var rows = Array.from(body.rows);
      rows.sort(function (a, b) { return sort.dir * compare(value(a, sort.c), value(b, sort.c)); });
      rows.forEach(function (r) { body.appendChild(r); });
    });
    document.querySelectorAll('tr.c th').forEach(function (th) {
      if (Number(th.getAttribute('data-c')) === sort.c) th.setAttribute('aria-sort', sort.dir > 0 ? 'ascending' : 'descending');
      else th.removeAttribute('aria-sort');
    });
  }
  function applyFilter() {
    var words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    document.querySelectorAll('section').forEach(function (s) {
      var name = s.getAttribute('data-name').toLowerCase(), any = false;
      s.querySelectorAll('tbody tr').forEach(function (r) {
        var text = name + ' ' + r.getAttribute('data-k').toLowerCase();
        var ok = words.every(function (w) { return text.indexOf(w) >= 0; });
        r.hidden = !ok;
        any = any || ok;
      });
      s.hidden = !any;
    });
  }
  function show(text) {
    var doc = new DOMParser().parseFromString(text.replace(/<style[^]*?<\/style>/, ''), 'text/html'), fresh = doc.querySelector('main'), old = document.querySelector('main');
    if (!fresh) return;
    var ticked = new Set(Array.from(old.querySelectorAll('input[name=s]:checked')).map(function (i) { return i.getAttribute('data-id'); }));
    fresh.querySelectorAll('input[name=s]').forEach(function (i) { i.checked = ticked.has(i.getAttribute('data-id')); });
    var chosen = Array.from(old.querySelectorAll('select[name=action]')).map(function (s) { return s.selectedIndex; });
    fresh.querySelectorAll('select[name=action]').forEach(function (s, i) { if (i in chosen) s.selectedIndex = chosen[i]; });
    old.replaceWith(document.adoptNode(fresh));
    document.getElementById('top').replaceWith(document.adoptNode(doc.getElementById('top')));
    applySort();
    applyFilter();
  }
  function load(where, options) {
    if (busy) return Promise.resolve();
    busy = true;
    return fetch(where, Object.assign({ credentials: 'same-origin', cache: 'no-store' }, options))
      .then(function (r) { if (!r.ok) throw new Error(r.status); return r.text(); })
      .then(function (t) { show(t); note.textContent = ''; })
      .catch(function (e) { note.textContent = 'no answer (' + e.message + ')'; })
      .then(function () { busy = false; });
  }
  function tick() {
    clearTimeout(timer);
    var s = Number(every.value);
    if (s) timer = setTimeout(function () { (document.hidden ? Promise.resolve() : load(url)).then(tick); }, s * 1000);
  }
  document.addEventListener('click', function (e) {
    var th = e.target.closest('tr.c th[data-c]');
    if (!th) return;
    var c = Number(th.getAttribute('data-c'));
    sort = { c: c, dir: sort && sort.c === c ? -sort.dir : 1 };
    applySort();
  });
  document.addEventListener('change', function (e) {
    if (!e.target.matches('input.all')) return;
    e.target.closest('section').querySelectorAll('input[name=s]').forEach(function (i) {
      if (!i.closest('tr').hidden) i.checked = e.target.checked;
    });
  });
  document.addEventListener('submit', function (e) {
    var form = e.target, data = new URLSearchParams(new FormData(form));
    if (!e.submitter) return;
    e.preventDefault();
    if (e.submitter.name) data.append(e.submitter.name, e.submitter.value);
    load(form.getAttribute('action'), { method: 'POST', body: data }).then(function () { setTimeout(function () { load(url); }, 300); });
  });
  filter.addEventListener('input', applyFilter);
  every.addEventListener('change', tick);
  document.querySelector('.bar').hidden = false;
  tick();
})();
