// Stands inside index.html (scripts/first.ts) and runs before the first paint, so that neither theme nor direction flashes. The
// keys are those of src/lib/preferences.ts.
(function () {
  try {
    var root = document.documentElement;
    var theme = localStorage.getItem('lancershub_theme');
    var dark = theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
    root.classList.toggle('dark', dark);
    var language = localStorage.getItem('lancershub_language') || (navigator.language || 'en').slice(0, 2);
    if (language === 'ar') {
      root.lang = 'ar';
      root.dir = 'rtl';
    }
    root.classList.toggle('member', Boolean(localStorage.getItem('lancershub_auth')));
  } catch (_) {
    // Storage may be closed to us: the defaults are fine.
  }
})();
