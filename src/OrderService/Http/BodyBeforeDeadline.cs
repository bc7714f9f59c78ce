using System.IO.Pipelines;

namespace OrderService.Http;

/// <summary>Waits for the whole body of a request before its deadline begins: how long a client takes to send it is no trouble of
/// the database. A client that sends next to nothing is the server's to end: Kestrel asks for 240 bytes a second unless told otherwise
/// (<c>MinRequestBodyDataRate</c>). One that is not done when the service is told to stop has as long as a request may work, and is then
/// told to come again.</summary>
internal sealed class BodyBeforeDeadline(RequestDelegate next, IHostApplicationLifetime lifetime)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint() is not null && !(context.Request.ContentLength > JsonBody.MaxBytes))
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
            await using var stopping = lifetime.ApplicationStopping.Register(() => patience.CancelAfter(RequestDeadline.Bound));
            try
            {
                await ReceiveAsync(context.Request.BodyReader, patience.Token);
            }
            catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
            {
                await ComeAgain.WriteAsync(context, "The service stops.");
                return;
            }
        }

        await next(context);
    }

    /// <summary>Takes nothing out of it. What goes wrong here goes wrong again for whoever reads it, who knows what to answer.</summary>
    private static async Task ReceiveAsync(PipeReader body, CancellationToken cancellationToken)
    {
        try
        {
            var read = await body.ReadAsync(cancellationToken);
            while (!read.IsCompleted && read.Buffer.Length <= JsonBody.MaxBytes)
            {
                body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                read = await body.ReadAsync(cancellationToken);
            }

            body.AdvanceTo(read.Buffer.Start);
        }
        catch (BadHttpRequestException)
        {
        }
    }
}
