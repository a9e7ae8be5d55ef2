// Package capacity turns the reports of several evenings (see package load) into
// one Markdown table, the bars they are held against, and plots.
package capacity
