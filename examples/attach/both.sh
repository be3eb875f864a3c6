# Both suites, whatever comes of the first.
pytest test_shop.py
code=$?
command -v npx > /dev/null || exit $code
npx playwright test || code=$?
exit $code
