namespace Inbox;

/// <summary>What lies behind an exception.</summary>
internal static class Causes
{
    /// <summary>The exception itself and all those inside it.</summary>
    public static IEnumerable<Exception> Of(Exception exception) => exception switch
    {
        AggregateException aggregate => aggregate.InnerExceptions.SelectMany(Of).Prepend(exception),
        { InnerException: { } inner } => Of(inner).Prepend(exception),
        _ => [exception],
    };
}
