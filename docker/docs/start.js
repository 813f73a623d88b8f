// The page only shows. Nobody should type an API key or a card number into a page in the browser, so it sends no requests and
// has no button for keys.
const nothing = () => () => null;

SwaggerUIBundle({
    url: '/openapi.json',
    dom_id: '#reference',
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    supportedSubmitMethods: [],
    validatorUrl: null,
    plugins: [() => ({wrapComponents: {authorizeBtn: nothing, authorizeOperationBtn: nothing}})],
});
