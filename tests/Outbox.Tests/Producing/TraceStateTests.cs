using System.Diagnostics;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;

namespace Outbox.Tests.Producing;

/// <summary>A trace state is what anybody upstream has written: it is kept where it can be, and never keeps a unit of work from saving.</summary>
public sealed class TraceStateTests
{
    [Fact]
    public void One_that_the_database_could_not_store_is_left_out()
    {
        Assert.Null(StoredOf("a=\0b"));
        Assert.Null(StoredOf("a=\ud800"));
    }

    [Fact]
    public void One_that_is_too_long_for_the_headers_is_left_out()
    {
        Assert.Null(StoredOf("a=" + new string('b', 100 * 1024)));
        Assert.Null(StoredOf("a=" + new string('é', 2 * 1024)));
    }

    [Fact]
    public void One_of_the_length_that_everybody_is_to_keep_is_stored()
    {
        var longest = "a=" + new string('b', 510);

        Assert.Equal(longest, StoredOf(longest));
    }

    private static string? StoredOf(string traceState)
    {
        using var activity = new Activity("test").SetIdFormat(ActivityIdFormat.W3C).Start();
        activity.TraceStateString = traceState;
        using var db = new NotesContext(new DbContextOptionsBuilder<NotesContext>().UseNpgsql().UseOutbox().Options);

        db.AddMessage(new NoteTaken(1, "a"));

        var row = Assert.Single(db.Outbox.Local);
        Assert.Equal(activity.Id, row.TraceParent);
        return row.Headers is null ? null : JsonDocument.Parse(row.Headers).RootElement.GetProperty("tracestate").GetString();
    }
}
