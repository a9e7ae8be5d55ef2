package api

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// health says that the process answers. It asks no database: restarting a
// server does not mend one.
func (a *api) health(c echo.Context) error {
	return c.JSON(http.StatusOK, map[string]string{"status": "ok"})
}

// ready says whether newcomers should be sent here, for a load balancer. Who is
// here already stays.
func (a *api) ready(c echo.Context) error {
	reasons := a.Ready(c.Request().Context())
	if len(reasons) > 0 {
		return c.JSON(http.StatusServiceUnavailable, map[string]any{"status": "not ready", "reasons": reasons})
	}
	return c.JSON(http.StatusOK, map[string]any{"status": "ready", "reasons": []string{}})
}

// metrics answers Prometheus on this machine or in metrics_from. To anyone else
// the route is not there.
func (a *api) metrics(c echo.Context) error {
	r := c.Request()
	if !isLocal(r) && !isTrusted(Address(r, a.cfg.TrustedProxies), a.cfg.MetricsFrom) {
		return echo.ErrNotFound
	}
	a.Metrics.ServeHTTP(c.Response(), r)
	return nil
}
