import { lazy, Suspense } from "react";
import { Redirect, Route, Switch } from "wouter";
import { useSession } from "./auth/session";
import { NotFound } from "./pages/not-found";
import { PhotosPage } from "./pages/photos";
import { SignIn } from "./pages/sign-in";
import { Shell } from "./shell";
import { Spinner } from "./ui/states";
import { Toasts } from "./ui/toasts";

const PhotoPage = lazy(() => import("./pages/photo"));
const EventsPage = lazy(() => import("./pages/events"));
const EventPage = lazy(() => import("./pages/event"));
const StudentsPage = lazy(() => import("./pages/students"));

export function App() {
  const { user } = useSession();
  if (user === undefined) return <Spinner label="Loading…" />;
  return (
    <>
      {user ? (
        <Shell>
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
        </Shell>
      ) : (
        <SignIn />
      )}
      <Toasts />
    </>
  );
}
