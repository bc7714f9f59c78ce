namespace OrderService.Http;

/// <summary>Waits for the whole body of a request before its deadline begins: how long a client takes to send it is no trouble of
/// the database. A client that sends next to nothing is the server's to end: Kestrel asks for 240 bytes a second unless told otherwise
/// (<c>MinRequestBodyDataRate</c>).</summary>
internal sealed class BodyBeforeDeadline(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint() is not null && !(context.Request.ContentLength > JsonBody.MaxBytes))
        {
            await ReceiveAsync(context);
        }

        await next(context);
    }

    /// <summary>Takes nothing out of it. What goes wrong here goes wrong again for whoever reads it, who knows what to answer.</summary>
    private static async Task ReceiveAsync(HttpContext context)
    {
        try
        {
            var body = context.Request.BodyReader;
            var read = await body.ReadAsync(context.RequestAborted);
            while (!read.IsCompleted && read.Buffer.Length <= JsonBody.MaxBytes)
            {
                body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                read = await body.ReadAsync(context.RequestAborted);
            }

            body.AdvanceTo(read.Buffer.Start);
        }
        catch (BadHttpRequestException)
        {
        }
    }
}
