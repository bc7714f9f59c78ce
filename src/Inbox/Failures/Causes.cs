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

    /// <summary>The text of the innermost one, for people; the name of its type where it throws over that, as those of handlers may.</summary>
    public static string Told(Exception exception)
    {
        try
        {
            return exception.GetBaseException().Message;
        }
        catch (Exception)
        {
            return exception.GetType().Name;
        }
    }
}
