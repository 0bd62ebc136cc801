import { lazy, Suspense } from "react";
import { Redirect, Route, Switch, useLocation } from "wouter";
import { useSession } from "./auth/session";
import { NotFound } from "./pages/not-found";
import { PhotosPage } from "./pages/photos";
import { Shell } from "./shell";
import { ErrorBoundary } from "./ui/error-boundary";
import { Spinner } from "./ui/states";
import { Toasts } from "./ui/toasts";

// Each of these comes with the first visit; who is signed in needs no page to sign in.
const SignIn = lazy(() => import("./pages/sign-in"));
const PhotoPage = lazy(() => import("./pages/photo"));
const EventsPage = lazy(() => import("./pages/events"));
const EventPage = lazy(() => import("./pages/event"));
const StudentsPage = lazy(() => import("./pages/students"));

export function App() {
  const { user } = useSession();
  const [location] = useLocation();
  if (user === undefined) return <Spinner label="Loading…" />;
  return (
    <>
      {user ? (
        <Shell>
          <ErrorBoundary resetKey={location}>
            <Suspense fallback={<Spinner label="Loading…" />}>
              <Switch>
                <Route path="/">
                  <Redirect to="/photos" replace />
                </Route>
                <Route path="/photos" component={PhotosPage} />
                <Route path="/photos/:photoId">
                  {({ photoId }) => <PhotoPage photoId={photoId} />}
                </Route>
                <Route path="/events">
                  <EventsPage />
                </Route>
                <Route path="/events/:eventId">
                  {({ eventId }) => <EventPage key={eventId} eventId={eventId} />}
                </Route>
                <Route path="/events/:eventId/photos/:photoId">
                  {({ eventId, photoId }) => <PhotoPage eventId={eventId} photoId={photoId} />}
                </Route>
                <Route path="/students">
                  <StudentsPage />
                </Route>
                <Route component={NotFound} />
              </Switch>
            </Suspense>
          </ErrorBoundary>
        </Shell>
      ) : (
        <ErrorBoundary resetKey="sign in">
          <Suspense fallback={<Spinner label="Loading…" />}>
            <SignIn />
          </Suspense>
        </ErrorBoundary>
      )}
      <Toasts />
    </>
  );
}
