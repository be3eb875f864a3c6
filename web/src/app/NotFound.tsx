import { Link } from "./Link";

/** Stands in for a page that there is not, with a way to one that there is. */
export function NotFound({ title, text }: { title: string; text: string }) {
  return (
    <main className="js-center">
      <div className="jp-form js-signin">
        <h1>{title}</h1>
        <p className="jp-dim">{text}</p>
        <div className="jp-buttons">
          <Link to="/" className="jp-button" data-tone="primary">
            All runs
          </Link>
        </div>
      </div>
    </main>
  );
}
